import { fact, fail, type Result } from '../support/failure.js';
import type { Secret } from '../support/secret.js';

/** A value that stands in a file (`File=true`), and where. */
export interface SecretFile {
  readonly path: string;
  readonly content: Secret;
}

/** One reference of one setting, as its file is named after them. */
export interface FileUse {
  readonly setting: string;
  /** Which of the setting's references, from 0. */
  readonly place: number;
  readonly extension: string;
}

/** Where a reference's file stands: the same for as long as the process lives. */
export type PathOf = (use: FileUse) => Result<string>;

/** For those who write nothing. */
export const NO_FILES: PathOf = () => fail(WRITES_NOTHING);

const WRITES_NOTHING = fact(
  'OtherReasons',
  'ERR_FILE',
  'File=true asks for a file, and resolve() writes none.',
  'Leave File out there: the caller gets the value itself. Or start with bootstrap(), which writes the file.',
);
