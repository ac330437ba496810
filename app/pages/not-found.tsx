import { Link } from 'react-router';
import { Empty } from '../components/empty.tsx';
import { PageHeading } from '../components/page-heading.tsx';

export function NotFound() {
  return (
    <>
      <PageHeading title="Nothing here" />
      <Empty title="There is no page at this address">
        <p>
          Go to <Link to="/">the measures</Link> or <Link to="/patients">find a patient</Link>.
        </p>
      </Empty>
    </>
  );
}
