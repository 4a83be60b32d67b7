// What a pipeline does with a secret. It knows nothing of vaultstrap; it might be psql, or a script in any language.
const { API_URL, API_KEY } = process.env;

const answer = await fetch(`${API_URL}/price`, { headers: { Authorization: `Bearer ${API_KEY}` } });
if (!answer.ok) throw new Error(`the API answered ${answer.status}`);
console.log('migrated');
