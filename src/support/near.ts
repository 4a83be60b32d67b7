/**
 * Whether a host (as `URL` gives it) is this machine or its link: App Service on Linux listens for token requests on
 * 169.254.0.0/16, other hosts on loopback.
 */
export function isNear(hostname: string): boolean {
  return /^(localhost|127(\.\d+){3}|169\.254(\.\d+){2}|\[::1\])$/.test(hostname);
}
