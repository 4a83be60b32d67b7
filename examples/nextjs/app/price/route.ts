// Read once, while this file loads: there is a value already.
const { API_URL } = process.env;

export const dynamic = 'force-dynamic';

export async function GET(): Promise<Response> {
  // Read for each call: this secret is rotated, and process.env follows.
  const headers = { Authorization: `Bearer ${process.env.API_KEY}` };
  const answer = await fetch(`${API_URL}/price`, { headers, cache: 'no-store' });
  return answer.ok ? Response.json(await answer.json()) : new Response(null, { status: 502 });
}
