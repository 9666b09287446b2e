/** Conditional writes per second through the SDK's client, on our table and on dynalite's. */
import { type CaseResult } from '../harness/bench.ts';
import { measureRates, type Plan } from '../harness/measure.ts';
import { newOwnSide, newPeerSide } from './table-sides.ts';
import { type WriteCase } from './write-cases.ts';

const METRIC = 'writesPerSecond';
const OURS = 'switchyard';
const PEER = 'dynalite';
const MIN_RATIO = 2;

/** @throws DifferentOutcome when the items of a side are not those that the writes should leave */
export async function measureWrites(writes: WriteCase, plan: Plan): Promise<CaseResult> {
  const rates = await measureRates({
    sides: [newOwnSide(OURS, writes), newPeerSide(PEER, writes)],
    units: writes.writes,
    expected: writes.items,
    plan,
  });
  return {
    case: writes.case,
    ours: { [METRIC]: rates.get(OURS)! },
    peers: { [PEER]: { [METRIC]: rates.get(PEER)! } },
    goals: [{ peer: PEER, metric: METRIC, minRatio: MIN_RATIO }],
  };
}
