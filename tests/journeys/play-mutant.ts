/** Plays stories with a defect planted: `node play-mutant.ts <mutant> <story ids>`. Prints the document on stdout. */
import { rehearse } from '../../local/launch/rehearsal/run.ts';
import { STORIES } from '../../local/launch/rehearsal/stories.ts';
import { currentTemplate } from '../../local/launch/template.ts';
import { MUTANTS } from './mutants.ts';

const [name = '', ids = '1,2'] = process.argv.slice(2);
const mutant = MUTANTS[name];
if (!mutant) throw new Error(`there is no mutant '${name}'. Use one of: ${Object.keys(MUTANTS).join(', ')}.`);
const document = await rehearse({
  seed: 1,
  template: currentTemplate('dev'),
  stories: STORIES.filter((story) => ids.split(',').includes(story.id)),
  ...(mutant.tamper ? { tamper: mutant.tamper } : {}),
  ...(mutant.onWorld ? { onWorld: mutant.onWorld } : {}),
});
process.stdout.write(JSON.stringify(document));
process.exitCode = document.ok ? 0 : 1;
