// What apps load: a few hundred milliseconds.
import 'express';
import 'fastify';
import '@azure/storage-blob';
