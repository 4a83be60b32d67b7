// It brings no declarations. As much of it as is used here.
declare function picomatch(glob: string | readonly string[]): (path: string) => boolean;
export = picomatch;
