import { useRouteError } from 'react-router';
import { Failure } from '../components/failure.tsx';

/** Stands in for a page that failed to load or to draw: most often a new version was installed under an open tab. */
export function Broken() {
  const error = useRouteError();
  return (
    <main>
      <title>Something broke · Gapless</title>
      <h1>This page could not be shown</h1>
      <Failure
        title="Load it again: a new version may have been installed meanwhile"
        error={error instanceof Error ? error : new Error(String(error))}
        retry={() => location.reload()}
      />
    </main>
  );
}
