import fc from 'fast-check';

// The same examples for every mutant: a score that can be compared, and a survivor that can be looked at.
fc.configureGlobal({ seed: 20_261_122 });
