export { instantIn } from '../gaps/practice-day.ts';
