import { BadGatewayException, Controller, Get, Module } from '@nestjs/common';

// Read once, while this file loads: there is a value already.
const { API_URL } = process.env;

@Controller('price')
export class PriceController {
  @Get()
  async price(): Promise<unknown> {
    // Read for each call: this secret is rotated, and process.env follows.
    const headers = { Authorization: `Bearer ${process.env.API_KEY}` };
    const answer = await fetch(`${API_URL}/price`, { headers });
    if (!answer.ok) throw new BadGatewayException();
    return answer.json();
  }
}

@Module({ controllers: [PriceController] })
export class AppModule {}
