/** Prints the cases as JSON, for tests/aws-cli/record.py: bytes and dates become `{"$bytes": base64}` and `{"$date": ISO}`. */
import { inputDigest, portable } from './recorded.ts';
import { STORIES } from './stories.ts';

const cases = STORIES.map(({ service, cases: all }) => ({
  service,
  cases: all.map((one) => ({
    service: one.service ?? service,
    operation: one.operation,
    input: portable(one.input),
    digest: inputDigest(one),
  })),
}));
process.stdout.write(JSON.stringify(cases));
