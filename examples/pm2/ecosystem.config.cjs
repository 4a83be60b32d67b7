module.exports = {
  apps: [
    {
      name: 'shop',
      script: 'server.js',
      exec_mode: 'cluster',
      instances: 2,
      // No preload in node_args: PM2 writes the settings of its own record over process.env after that, in cluster mode.
    },
  ],
};
