/** The container's process: `node trainer/main.ts <command> [--name value ...]` with root /opt/ml. */
import { runContainer } from './commands.ts';

const environment = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
);
const result = await runContainer(process.argv.slice(2), {
  root: '/opt/ml',
  environment,
  log: (line) => console.log(line),
});
process.exitCode = result.exitCode;
