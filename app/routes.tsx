import { createBrowserRouter } from 'react-router';
import { Frame } from './components/frame.tsx';
import { Broken } from './pages/broken.tsx';
import { NotFound } from './pages/not-found.tsx';
import { Overview } from './pages/overview.tsx';

/** The overview comes with the first load, the other pages when they are opened. */
export function createRouter() {
  return createBrowserRouter([
    {
      element: <Frame />,
      errorElement: <Broken />,
      hydrateFallbackElement: <Frame />,
      children: [
        { path: '/', element: <Overview /> },
        {
          path: '/measures/:measure',
          lazy: async () => ({ Component: (await import('./pages/measure.tsx')).Measure }),
        },
        { path: '/patients', lazy: async () => ({ Component: (await import('./pages/patients.tsx')).Patients }) },
        {
          path: '/patients/:patient',
          lazy: async () => ({ Component: (await import('./pages/patient.tsx')).Patient }),
        },
        {
          path: '/resources/:type/:id/:history?/:version?',
          lazy: async () => ({ Component: (await import('./pages/resource.tsx')).Resource }),
        },
        { path: '*', element: <NotFound /> },
      ],
    },
  ]);
}
