// A library starts nothing: the app's first line did. It uses what there is; the state is one per process, however
// often the package lies in node_modules.
import { requireSettings, withFreshSecret } from 'vaultstrap';

const { API_URL } = requireSettings('API_URL', 'API_KEY');

class KeyRefused extends Error {}

async function ask(key) {
  const answer = await fetch(`${API_URL}/price`, { headers: { Authorization: `Bearer ${key}` } });
  if (answer.status === 401) throw new KeyRefused('the API refused the key');
  if (!answer.ok) throw new Error(`the API answered ${answer.status}`);
  return answer.json();
}

/** A key that was rotated a moment ago is read again, and the call made once more. */
export function getPrice() {
  return withFreshSecret('API_KEY', ask, { isAuthError: (error) => error instanceof KeyRefused });
}
