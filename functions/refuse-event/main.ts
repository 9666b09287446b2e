import { awsPlatform } from '../../shared/aws/platform.ts';
import { newDependencies } from './dependencies.ts';
import { newHandler } from './handler.ts';

export const handler = newHandler(newDependencies(process.env, awsPlatform));
