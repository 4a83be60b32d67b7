/**
 * The `iss` claim of every token the emulator (`vaultstrap/testing`) issues. A
 * client that was pointed at an emulated vault sends it no other token. The
 * name ends in `.invalid` (RFC 2606), so it can never be a real authority.
 */
export const EMULATOR_ISSUER = 'https://emulator.vaultstrap.invalid/';
