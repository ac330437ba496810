import { Anchor, Breadcrumbs, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';

interface Parent {
  readonly to: string;
  readonly label: string;
}

/** Title of the page, for the eye and the browser, under the way that leads to it. */
export function PageHeading(props: {
  readonly title: string;
  /** For the browser's tab and history, where the title on the page is not for there (a person's name). */
  readonly documentTitle?: string;
  readonly parents?: readonly Parent[];
  readonly children?: ReactNode;
}) {
  const { title, documentTitle = title, parents = [], children } = props;
  return (
    <div>
      <title>{`${documentTitle} · Gapless`}</title>
      {parents.length > 0 && (
        <nav aria-label="Where you are">
          <Breadcrumbs mb={6} separatorMargin={6} fz="sm">
            {parents.map(({ to, label }) => (
              <Anchor key={to} component={Link} to={to} size="sm">
                {label}
              </Anchor>
            ))}
          </Breadcrumbs>
        </nav>
      )}
      <Title order={1}>{title}</Title>
      {children}
    </div>
  );
}
