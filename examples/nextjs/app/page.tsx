export const dynamic = 'force-dynamic';

/** A server component: the browser gets what it renders, never the setting. */
export default function Page() {
  return <p>The API key is {process.env.API_KEY ? 'there' : 'missing'}.</p>;
}
