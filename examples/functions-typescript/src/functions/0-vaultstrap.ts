import 'vaultstrap/register';
