// Read once, while this file loads: there is a value already.
const { API_URL } = process.env;

export async function getPrice() {
  // Read for each call: this secret is rotated, and process.env follows.
  const headers = { Authorization: `Bearer ${process.env.API_KEY}` };
  const answer = await fetch(`${API_URL}/price`, { headers });
  if (!answer.ok) throw new Error(`the API answered ${answer.status}`);
  return answer.json();
}
