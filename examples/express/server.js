import 'vaultstrap/register';
import express from 'express';
import { getPrice } from './price.js';

const app = express();

app.get('/price', async (_request, response) => {
  response.json(await getPrice());
});

app.listen(Number(process.env.PORT ?? 3000));
