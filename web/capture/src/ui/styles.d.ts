// The bundler turns a style sheet import into a linked file.
declare module "*.css";
