/** The rehearsal once more, with what its roles did: prints `{ document, usage, refused }` on stdout. `node play-watched.ts <seed>` */
import { rehearse } from '../../local/launch/rehearsal/run.ts';
import { currentTemplate } from '../../local/launch/template.ts';
import { type World } from '../../local/launch/world.ts';

let world: World | undefined;
const refused = new Set<string>();
const document = await rehearse({
  seed: Number(process.argv[2] ?? 1),
  template: currentTemplate('dev'),
  onWorld: (opened) => {
    world = opened;
    opened.cloud.kernel.onTrace = (line) => {
      if (/ (AccessDenied\w*|AuthorizationError)$/.test(line)) refused.add(line.replace(/^\d+ /, ''));
    };
  },
});
const usage = [...(world?.cloud.services.iam.usage() ?? [])].map(([role, entries]) => [role, [...entries]]);
process.stdout.write(JSON.stringify({ document, usage: Object.fromEntries(usage), refused: [...refused] }));
