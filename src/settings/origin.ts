/** Where a setting's value comes from. */
export type Origin = 'reference' | 'platform' | 'inherited' | 'template';
