import { Router } from 'express';
import type { DeclaredRoute } from '../secured-routes.ts';

export function docsRouter(_declared: DeclaredRoute[]): Router {
  return Router();
}
