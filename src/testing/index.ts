// vaultstrap/testing: Azure's vaults and identity endpoints, for tests.
export { startEmulator } from './emulator.js';
export { EmulatorError, type EmulatorErrorCode } from './errors.js';
export type {
  EmulatedIdentity,
  EmulatedVault,
  Emulator,
  EmulatorClock,
  EmulatorOptions,
  EmulatorTokens,
  ExpiryForm,
  Fault,
  FaultHandle,
  Grant,
  Grants,
  IdentityHost,
  Latency,
  RequestLog,
  RequestRecord,
  SecretAction,
  SecretProperties,
  SecretVersion,
  SystemIdentityOptions,
  Throttle,
  TokenOptions,
  UserAssignedIdentityOptions,
  VaultOptions,
} from './types.js';
