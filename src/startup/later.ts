import { VaultstrapError } from '../support/errors.js';
import { notLoaded } from '../support/failure.js';
import { afterModule, clientModule } from './siblings.js';

/** A deployment may have replaced the files under a running process. */
function loaded<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    const { code, details, hint, cause } = notLoaded(error);
    throw new VaultstrapError(code, details, hint, cause);
  }
}

/** @throws VaultstrapError `ERR_NOT_LOADED`. */
export const later = () => loaded(afterModule);

/** @throws VaultstrapError `ERR_NOT_LOADED`. */
export const network = () => loaded(clientModule);
