import { app, type HttpResponseInit } from '@azure/functions';

// Read once, while this file loads: there is a value already.
const { API_URL } = process.env;

export async function price(): Promise<HttpResponseInit> {
  // Read for each call: this secret is rotated, and process.env follows.
  const headers = { Authorization: `Bearer ${process.env.API_KEY}` };
  const answer = await fetch(`${API_URL}/price`, { headers });
  return { status: answer.ok ? 200 : 502, jsonBody: answer.ok ? await answer.json() : { upstream: answer.status } };
}

app.http('price', { methods: ['GET'], authLevel: 'function', handler: price });
