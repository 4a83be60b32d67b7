// What apps load: a few hundred milliseconds.
require('express');
require('fastify');
require('@azure/storage-blob');
