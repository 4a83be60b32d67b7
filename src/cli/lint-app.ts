// In a file of its own: lint's, and what import knows of an app's bindings.
export { lintApp } from './lint/app/rules.js';
