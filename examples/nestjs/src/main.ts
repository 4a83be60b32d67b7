import 'vaultstrap/start';
import { NestFactory } from '@nestjs/core';
import 'vaultstrap/register';
import { AppModule } from './app.module';

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule);
  app.enableShutdownHooks();
  await app.listen(Number(process.env.PORT ?? 3000));
}

void main();
