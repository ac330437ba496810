import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { IconMoon, IconSun } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Link, Outlet, ScrollRestoration, useLocation } from 'react-router';
import { useStatus } from '../queries.ts';
import classes from './frame.module.css';
import { Notices } from './notices.tsx';
import { PatientSearch } from './patient-search.tsx';

const places = [
  { to: '/', label: 'Measures', covers: /^\/($|measures\/)/ },
  { to: '/patients', label: 'Patients', covers: /^\/patients/ },
] as const;

/** What every page stands in: how to skip to the content, where one is, what to know of the data. */
export function Frame() {
  useFreshNumbers();
  useFocusOnNewPage();
  const { pathname } = useLocation();
  return (
    <>
      <a className={classes.skip} href="#content">
        Skip to the content
      </a>
      <header className={classes.header}>
        <div className={classes.bar}>
          <Link to="/" className={classes.brand} aria-label="Gapless, overview">
            <svg viewBox="0 0 24 24" width="26" height="26" aria-hidden="true">
              <circle
                cx="12"
                cy="12"
                r="9"
                fill="none"
                stroke="currentColor"
                strokeWidth="3.2"
                pathLength="100"
                strokeDasharray="82 18"
                strokeDashoffset="-4"
              />
              <circle cx="20.2" cy="8.2" r="2.3" fill="currentColor" />
            </svg>
            Gapless
          </Link>
          <nav aria-label="Main" className={classes.nav}>
            {places.map(({ to, label, covers }) => (
              <Link key={to} to={to} aria-current={covers.test(pathname) ? 'page' : undefined}>
                {label}
              </Link>
            ))}
          </nav>
          <PatientSearch className={classes.search} />
          <ColorSchemeSwitch />
        </div>
      </header>
      <Notices />
      <main id="content" tabIndex={-1} className={classes.content}>
        <Outlet />
      </main>
      <ScrollRestoration />
    </>
  );
}

function ColorSchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const other = useComputedColorScheme('light') === 'light' ? 'dark' : 'light';
  const Icon = other === 'dark' ? IconMoon : IconSun;
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={`Use ${other} colours`}
      onClick={() => setColorScheme(other)}
    >
      <Icon size={20} aria-hidden="true" />
    </ActionIcon>
  );
}

/** Reads what is on show again whenever the server has evaluated something since. */
function useFreshNumbers(): void {
  const client = useQueryClient();
  const { data } = useStatus();
  const state = data && `${data.lastEvaluated} ${data.pending} ${data.patients}`;
  const seen = useRef<string>(undefined);
  useEffect(() => {
    if (state === undefined) return;
    if (seen.current !== undefined && seen.current !== state) void client.invalidateQueries({ queryKey: ['gaps'] });
    seen.current = state;
  }, [client, state]);
}

/** Takes whoever uses a keyboard or a screen reader to the content of the page they went to, not of the one they came to first. */
function useFocusOnNewPage(): void {
  const { pathname } = useLocation();
  const last = useRef(pathname);
  useEffect(() => {
    if (last.current === pathname) return;
    last.current = pathname;
    document.getElementById('content')?.focus({ preventScroll: true });
  }, [pathname]);
}
