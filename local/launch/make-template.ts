/** `npm run template`: packages the template unless it is up to date. */
import { currentTemplate } from './template.ts';

currentTemplate('dev', () => process.stderr.write('packaging the template ...\n'));
