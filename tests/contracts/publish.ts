/**
 * Writes events/published/ from the contracts: `node tests/contracts/publish.ts`. Refuses a change that breaks what others
 * rely on: that needs a contract of a new version, beside the old one.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { breakingChanges, generatedSchemas, PUBLISHED, publishedSchemas, publishedText } from './json-schema.ts';

const published = publishedSchemas();
const generated = generatedSchemas();

const refusals = [...published].flatMap(([detailType, before]) => {
  const after = generated.get(detailType);
  if (!after) return [`${detailType} is published, and no longer in events/catalog.ts`];
  return breakingChanges(before, after).map((change) => `${detailType} ${change}`);
});

if (refusals.length > 0) {
  console.error(`Not published, since it would break others:\n  ${refusals.join('\n  ')}`);
  console.error('Restore the contract, and write the change as a new version beside it (..v2.ts).');
  process.exitCode = 1;
} else {
  for (const [detailType, schema] of generated) {
    writeFileSync(path.join(PUBLISHED, `${detailType}.schema.json`), publishedText(schema));
  }
  console.log(`${generated.size} schemas in events/published/`);
}
