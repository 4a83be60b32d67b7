/**
 * Whether a host (as `URL` gives it) is this machine or its link: App Service on Linux listens for token requests on
 * 169.254.0.0/16, other hosts on loopback.
 */
export function isNear(hostname: string): boolean {
  return /^(localhost|127(\.\d+){3}|169\.254(\.\d+){2}|\[::1\])$/.test(hostname);
}

/**
 * Whether it is the machine under a container: App Service listens there for token requests of containers, on Linux in
 * 172.16.0.0/12 (https://github.com/Azure/azure-cli/issues/20196), on Windows in 100.64.0.0/10
 * (https://github.com/Azure/azure-sdk-for-net/issues/17425). Elsewhere these addresses can be anybody's.
 */
export function isContainersHost(hostname: string): boolean {
  return /^(172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))(\.\d+){2}$/.test(hostname);
}
