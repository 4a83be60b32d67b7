// The app of join.cjs as it would be without us, and without secrets.
require('./modules.cjs');
require('./app.cjs');
