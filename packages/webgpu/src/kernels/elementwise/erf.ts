/**
 * Error function to about 1e-7: a Maclaurin series for |x| < 1, erfc as exp(-x^2) times a polynomial above
 * (W. J. Cody's ranges; the polynomial in t = 1 / (1 + x / 2) is the one of Numerical Recipes, `erfcc`, fractional error 1.2e-7).
 */
function erfNamed(name: string): string {
  return `fn ${name}(x: f32) -> f32 {
  let a = abs(x);
  if (a < 1.0) {
    let s = x * x;
    return x * (1.1283791671 + s * (-0.3761263890 + s * (0.1128379167 + s * (-0.0268661706 + s * (0.0052239776
      + s * (-0.0008548327 + s * (0.0001205533 + s * (-0.0000149256 + s * (0.0000016462 + s * -0.0000001637)))))))));
  }
  let t = 1.0 / (1.0 + 0.5 * min(a, 10.0));
  let p = -1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * (0.27886807
    + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  let c = t * exp(-min(a, 10.0) * min(a, 10.0) + p);
  return select(c - 1.0, 1.0 - c, x >= 0.0);
}`
}

export const erfFunction = erfNamed('erf')

/** The same for four numbers, `erf(vec4f)`. */
export const erfOfFour = `${erfNamed('erfOfOne')}
fn erf(v: vec4f) -> vec4f { return vec4f(erfOfOne(v.x), erfOfOne(v.y), erfOfOne(v.z), erfOfOne(v.w)); }`
