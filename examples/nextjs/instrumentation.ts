// Next calls this once when the server starts, before any page or route is loaded.
export async function register(): Promise<void> {
  // Written out like this, the condition keeps it away from the Edge runtime.
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    try {
      await import('vaultstrap/register');
    } catch (error) {
      // Next itself would stay up, answer 500 to everything, and never try again.
      console.error(error);
      process.exit(1);
    }
  }
}
