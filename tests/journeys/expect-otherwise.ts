/** Preloaded into a rehearsal (`--import`): only the first story is played, and it is expected to end otherwise. */
import { STORIES, type Story } from '../../local/launch/rehearsal/stories.ts';

const stories = STORIES as Story[];
stories.splice(0, stories.length, { ...stories[0]!, expected: 'ROLLED_BACK' });
