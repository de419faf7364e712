export { Teach } from './teaching.js';
