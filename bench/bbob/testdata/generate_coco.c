/* Values of COCO's own program for coco.json, with the sources of
 * https://github.com/numbbo/coco-experiment of November 2025, which are made to be read
 * once each:
 *
 *     sed -i '1i #pragma once' src/[a-z]*.c
 *     gcc -O2 -ffp-contract=off -w -I src generate_coco.c -lm -o generate && ./generate > coco.json
 *
 * A row is the function's number, the dimension, the instance, the least value, the
 * optimum, a point, and the value there. */
#include "coco.h"
const char *coco_version = "";
#include "coco_suite.c"
#include "coco_observer.c"
#include "coco_archive.c"
#include "coco_runtime_c.c"

static void list(const double *x, size_t n) {
  for (size_t i = 0; i < n; i++) printf("%s%.17g", i ? "," : "[", x[i]);
  printf("]");
}

int main(void) {
  const size_t dims[] = {2, 3, 5, 10, 40}, instances[] = {1, 2, 7};
  const double reach[] = {4.5, 0.01, 8};
  uint32_t seed = 7;
  int rows = 0;
  coco_set_log_level("error");
  printf("[");
  for (size_t f = 1; f <= 24; f++)
    for (size_t d = 0; d < 5; d++)
      for (size_t k = 0; k < 3; k++) {
        if (dims[d] == 40 && k > 0) continue;
        coco_problem_t *p = coco_get_bbob_problem(f, dims[d], instances[k]);
        coco_random_state_t *r = coco_random_new(seed++);
        double x[40], y, best;
        for (size_t m = 0; m < 3; m++) {
          for (size_t i = 0; i < dims[d]; i++) {
            x[i] = reach[m] * (2 * coco_random_uniform(r) - 1) + (m == 1 ? p->best_parameter[i] : 0);
            x[i] = floor(x[i] * 1e6 + 0.5) / 1e6;
          }
          p->evaluate_function(p, x, &y);
          best = p->best_value[0];
          printf("%s{\"f\":%d,\"n\":%d,\"instance\":%d,\"min\":%.17g,\"at\":", rows++ ? ",\n" : "", (int)f, (int)dims[d], (int)instances[k], best);
          if (m == 0 && dims[d] <= 10) list(p->best_parameter, dims[d]); else printf("null");
          printf(",\"x\":");
          list(x, dims[d]);
          printf(",\"y\":%.17g}", y);
        }
        coco_random_free(r);
        coco_problem_free(p);
      }
  printf("]\n");
  return 0;
}
