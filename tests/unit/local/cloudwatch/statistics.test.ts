import { describe, expect, it } from '@jest/globals';
import { MetricStore } from '../../../../local/cloudwatch/metric-store.ts';
import { parseStatistic } from '../../../../local/cloudwatch/statistics.ts';
import { Kernel } from '../../../../local/kernel/kernel.ts';

async function distributionOf(values: readonly number[]) {
  const kernel = new Kernel({ seed: 1, startMs: 0 });
  const store = new MetricStore(kernel);
  const identity = { namespace: 'n', name: 'm', dimensions: {} };
  store.record(identity, { values }, 0, 'None');
  await kernel.runFor(600_000);
  return store.read(store.find(identity)!, 0, 60_000)!;
}

const ONE_TO_HUNDRED = Array.from({ length: 100 }, (_, index) => index + 1);

describe('statistics over exact counts', () => {
  it.each([
    ['SampleCount', 100],
    ['Sum', 5050],
    ['Average', 50.5],
    ['Minimum', 1],
    ['Maximum', 100],
    ['p50', 50],
    ['p99', 99],
    ['p99.9', 100],
    ['p100', 100],
    // AWS: an absolute lower bound is exclusive, an upper one inclusive.
    ['TC(90:)', 10],
    ['TC(:90)', 90],
    ['TC(10:20)', 10],
    ['PR(:25)', 25],
    ['PR(90:)', 10],
    ['TM(10%:90%)', 50.5],
    ['tm90', 45.5],
    ['tc90', 90],
    ['TS(:3)', 6],
    ['IQM', 50.5],
    ['WM(:50)', (1275 + 50 * 50) / 100],
  ])('%s of 1..100 is %d', async (name, expected) => {
    expect(parseStatistic(name)(await distributionOf(ONE_TO_HUNDRED))).toBeCloseTo(expected, 9);
  });

  it('counts nothing above a limit as zero, not as missing', async () => {
    expect(parseStatistic('TC(1000:)')(await distributionOf([1, 2, 3]))).toBe(0);
  });

  it.each(['p101', 'average', 'TC()', 'TC(:)', 'PR(10%:)', 'TM(1:2%)', 'foo'])('refuses %s', (name) => {
    expect(() => parseStatistic(name)).toThrow(`The value ${name} for parameter ExtendedStatistic is not supported.`);
  });

  it('knows no percentile of a statistic set, but its four numbers', async () => {
    const kernel = new Kernel({ seed: 1, startMs: 0 });
    const store = new MetricStore(kernel);
    const identity = { namespace: 'n', name: 'm', dimensions: {} };
    store.record(identity, { statisticSet: { sampleCount: 4, sum: 10, minimum: 1, maximum: 4 } }, 0, 'None');
    await kernel.runFor(600_000);
    const distribution = store.read(store.find(identity)!, 0, 60_000)!;
    expect(parseStatistic('p50')(distribution)).toBeUndefined();
    expect(parseStatistic('Average')(distribution)).toBe(2.5);
  });
});
