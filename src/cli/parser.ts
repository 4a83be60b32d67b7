// A file of its own in dist: lint and init share it, and it is larger than both.
export { parse } from '@babel/parser';
