import '@mantine/charts/styles.css';
import { LineChart } from '@mantine/charts';
import type { MeasureSummary } from '../api.ts';
import { month, percent } from '../format.ts';

/** The rate over the rolling twelve months, against the target. Loaded on its own: the library is large. */
export function TrendChart({ summary, height }: { readonly summary: MeasureSummary; readonly height: number }) {
  const { trend, target } = summary;
  const data = trend.map(({ date, rate }) => ({ month: month(date), Rate: rate }));
  return (
    <LineChart
      h={height}
      data={data}
      dataKey="month"
      series={[{ name: 'Rate', color: 'var(--accent-fill)' }]}
      referenceLines={
        target === null
          ? []
          : [
              {
                y: target.rate,
                label: `Target ${percent(target.rate)}`,
                color: 'var(--ink-soft)',
                labelPosition: 'insideBottomRight',
              },
            ]
      }
      yAxisProps={{ domain: domain(summary), width: 52, tickCount: 4 }}
      valueFormatter={(value) => `${(Number(value) * 100).toFixed(0)} %`}
      tooltipProps={{ formatter: (value) => percent(Number(value)) }}
      curveType="linear"
      dotProps={{ r: 2.5 }}
      tickLine="none"
      connectNulls={false}
      lineChartProps={{ accessibilityLayer: false }} // the table beneath is what is read and walked
    />
  );
}

/** Round tens around what is drawn. */
function domain({ trend, target }: MeasureSummary): [number, number] {
  const drawn = [...trend.flatMap(({ rate }) => rate ?? []), ...(target === null ? [] : [target.rate])];
  const low = Math.floor(Math.min(...drawn) * 10 - 0.2) / 10;
  const high = Math.ceil(Math.max(...drawn) * 10 + 0.2) / 10;
  return [Math.max(0, low), Math.min(1, high)];
}
