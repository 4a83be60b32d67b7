// Next calls this once when the server starts, before any page or route is loaded.
export async function register(): Promise<void> {
  // Written out like this, the condition keeps it away from the Edge runtime.
  if (process.env.NEXT_RUNTIME === 'nodejs') await import('vaultstrap/register');
}
