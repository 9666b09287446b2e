/** The same cases as the AWS CLI sends them: recorded requests of botocore, replayed through the gateway. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type WireRequest } from '../../../local/protocols/wire.ts';
import { hasSdkClient } from '../../support/sdk-clients.ts';
import { readBare } from './bare-answer.ts';
import { withSaved } from './expectation.ts';
import { inputDigest, loadFixture, replayed } from './recorded.ts';
import { askSdk, type Outcome, play, setStage, type Stage } from './stage.ts';
import { STORIES } from './stories.ts';

const FIXTURE = loadFixture();

it('every case is recorded with the input that it has now (else: see tests/aws-cli/record.py)', () => {
  const stale = STORIES.flatMap(({ service, cases }) =>
    Object.entries(FIXTURE[service] ?? { default: [] }).flatMap(([protocol, requests]) => [
      ...(requests.length === cases.length ? [] : [`${service} ${protocol}: ${requests.length} of ${cases.length}`]),
      ...cases.flatMap((one, index) =>
        requests[index]?.digest === inputDigest(one) ? [] : [`${service} ${protocol} ${index} ${one.operation}`],
      ),
    ]),
  );
  expect(stale).toEqual([]);
});

it('the recordings know no machine', () => {
  const hosts = JSON.stringify(FIXTURE).match(/https?:\/\/[^/"\\ ]+|\/(root|home|Users)\//g) ?? [];
  expect(new Set(hosts)).toEqual(new Set(['http://s3.amazonaws.com', 'https://sqs.eu-central-1.amazonaws.com']));
});

/** The CLI asks S3 for percent-encoded keys, and decodes them itself. */
function withUrlsDecoded(outcome: Outcome): Outcome {
  if ('error' in outcome) return outcome;
  const { output } = outcome;
  if ((output as { EncodingType?: string }).EncodingType !== 'url') return outcome;
  const decode = (value: unknown, name: string): unknown => {
    if (typeof value === 'string')
      return /Key|Prefix|Delimiter|StartAfter/.test(name) ? decodeURIComponent(value) : value;
    if (Array.isArray(value)) return value.map((item) => decode(item, ''));
    if (value === null || typeof value !== 'object' || value instanceof Date) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decode(item, key)]));
  };
  return { output: decode(output, '') };
}

const TELLINGS = STORIES.flatMap((story) =>
  Object.keys(FIXTURE[story.service] ?? {}).map((protocol) => ({ story, protocol, service: story.service })),
);

describe.each(TELLINGS)('$service through the AWS CLI ($protocol)', ({ story, protocol, service }) => {
  // CloudWatch's answers come in protocols that the SDK's client does not speak.
  const typed = hasSdkClient(service) && service !== 'monitoring';
  let stage: Stage;
  /** Goes out in place of the SDK's own request, so that the SDK reads the answer to the CLI's. */
  let next: WireRequest | undefined;
  beforeAll(async () => {
    stage = await setStage(story, (gateway) => (own) => gateway(next ?? own));
  });
  afterAll(() => stage.close());

  const ask = async (index: number): Promise<Outcome> => {
    const one = story.cases[index]!;
    next = replayed(FIXTURE[service]![protocol]![index]!, stage.values);
    if (typed) return withUrlsDecoded(await askSdk(stage, one, withSaved(one.input, stage.values) as object));
    return readBare(await stage.cloud.gateway(next));
  };
  it.each(story.cases.map((one, index) => ({ index, one, name: one.operation })))('$index $name', ({ index, one }) =>
    play(stage, one, typed, () => ask(index)),
  );
});
