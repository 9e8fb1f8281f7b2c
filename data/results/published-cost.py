"""Multiply-accumulates and parameters of published networks: the costs in data/published.toml.

  python published-cost.py

Their layers as the source named in published.toml has them; pure arithmetic, batch 1.
conv MAC = Ho*Wo*Co*Ci/groups*k*k ; transposed conv MAC = Hi*Wi*Ci*Co*k*k (edge taps not removed);
linear MAC = Ci*Co.  Bias, BN, activations, pooling, upsampling: 0 MAC.
Params: conv weights + biases + BN gamma/beta (running stats are not parameters)."""

class Net:
    def __init__(s, name): s.name, s.mac, s.par, s.log = name, 0, 0, []
    def conv(s, ci, co, k, stride, out, bias=True, bn=False):
        m = out*out*ci*co*k*k; p = ci*co*k*k + (co if bias else 0) + (2*co if bn else 0)
        s.mac += m; s.par += p; s.log.append((ci, co, k, stride, out, m, p)); return co
    def tconv(s, ci, co, k, stride, inp, bias=True, bn=False):
        m = inp*inp*ci*co*k*k; p = ci*co*k*k + (co if bias else 0) + (2*co if bn else 0)
        s.mac += m; s.par += p; s.log.append((ci, co, k, -stride, inp*stride, m, p)); return co
    def lin(s, ci, co, bias=True):
        s.mac += ci*co; s.par += ci*co + (co if bias else 0)
    def add(s, *others):
        for o in others: s.mac += o.mac; s.par += o.par
        return s
    def show(s, note=''):
        print(f'{s.name:52s} {s.mac/1e9:10.3f} GMAC {s.par/1e6:10.3f} M  {note}')

# ---- ResNets (torchvision) ----
def cdown(n): return (n - 1)//2 + 1          # stride-2 3x3 p1 / 7x7 p3
def resnet(name, size, block, counts, wmul=1, upto=4, fc=1000):
    n = Net(name); r = cdown(size)
    n.conv(3, 64, 7, 2, r, bias=False, bn=True); r = cdown(r); ci = 64
    for i in range(upto):
        pl = 64*2**i
        for b in range(counts[i]):
            st = 2 if (i > 0 and b == 0) else 1
            ro = cdown(r) if st == 2 else r
            if block == 'basic':
                co = pl
                n.conv(ci, co, 3, st, ro, False, True); n.conv(co, co, 3, 1, ro, False, True)
            else:
                w, co = pl*wmul, pl*4
                n.conv(ci, w, 1, 1, r, False, True); n.conv(w, w, 3, st, ro, False, True)
                n.conv(w, co, 1, 1, ro, False, True)
            if st != 1 or ci != co: n.conv(ci, co, 1, st, ro, False, True)
            ci, r = co, ro
    n.out = (ci, r)
    if fc: n.lin(ci, fc)
    return n

# ---- DRAEM-type sub-networks ----
def recon(name, cin, cout, w, S=256):
    """EncoderReconstructive + DecoderReconstructive; FAIR adds (sums) skips: same convs."""
    n = Net(name); c = cin; r = S
    for m in (1, 2, 4, 8, 8):
        n.conv(c, w*m, 3, 1, r, bn=True); n.conv(w*m, w*m, 3, 1, r, bn=True); c = w*m; r //= 2
    r = S//16
    for a, b in ((8, 4), (4, 2), (2, 1), (1, 1)):
        r *= 2
        n.conv(w*a, w*a, 3, 1, r, bn=True)                       # up
        n.conv(w*a, w*a, 3, 1, r, bn=True); n.conv(w*a, w*b, 3, 1, r, bn=True)   # db
    n.conv(w, cout, 3, 1, r)
    return n
def discr(name, cin, cout, w, S=256):
    n = Net(name); c = cin; r = S
    for m in (1, 2, 4, 8, 8, 8):
        n.conv(c, w*m, 3, 1, r, bn=True); n.conv(w*m, w*m, 3, 1, r, bn=True); c = w*m; r //= 2
    r = S//32
    for a, u, skip in ((8, 8, 8), (8, 4, 8), (4, 2, 4), (2, 1, 2), (1, 1, 1)):
        r *= 2
        n.conv(w*a, w*u, 3, 1, r, bn=True)                       # up
        n.conv(w*(u+skip), w*u, 3, 1, r, bn=True); n.conv(w*u, w*u, 3, 1, r, bn=True)
    n.conv(w, cout, 3, 1, r)
    return n

# ---- NSA resnet18_enc_dec(num_classes=1, pool=True, preact=False) ----
def nsa(S):
    n = resnet(f'NSA resnet18_enc_dec @{S}', S, 'basic', [2, 2, 2, 2], fc=0)
    c, r = n.out
    n.conv(512, 256, 1, 1, r, False); n.conv(256, 128, 1, 1, r, False)
    c = 128
    for pl in (64, 32, 16):
        n.tconv(c, pl, 3, 2, r, False, True)
        n.conv(pl, pl, 3, 1, 2*r, False, True)
        n.tconv(c, pl, 1, 2, r, False, True)
        c, r = pl, 2*r
    r *= 2                                                        # bilinear x2
    n.tconv(16, 1, 7, 2, r, False); assert r*2 == S, (r, S)
    return n

# ---- RIAD reimplementation ----
def riad(S=256):
    n = Net('RIAD (reimpl.) one pass @256'); r = S
    n.conv(3, 64, 3, 1, r, bn=True); n.conv(64, 64, 3, 1, r, bn=True)
    c = 64
    for d in (128, 256, 512, 512):
        r //= 2
        n.conv(c, d, 4, 2, r, bn=True); n.conv(d, d, 3, 1, r, bn=True); c = d
    for u in (512, 256, 128, 64):
        n.tconv(c, u, 4, 2, r); r *= 2
        n.conv(2*u, u, 3, 1, r, bn=True); n.conv(u, u, 3, 1, r, bn=True); c = u
    n.conv(64, 3, 3, 1, r)
    return n

# ---- EfficientAD-S ----
def pdn_s(out, S=256):
    n = Net(f'EffAD-S PDN small out={out}'); r = S
    r -= 3; n.conv(3, 128, 4, 1, r); r //= 2
    r -= 3; n.conv(128, 256, 4, 1, r); r //= 2
    r -= 2; n.conv(256, 256, 3, 1, r)
    r -= 3; n.conv(256, out, 4, 1, r); assert r == 56
    return n
def effad_ae():
    n = Net('EffAD autoencoder'); r = 256; c = 3
    for co in (32, 32, 64, 64, 64): r //= 2; n.conv(c, co, 4, 2, r); c = co
    n.conv(64, 64, 8, 1, 1)
    for up in (3, 8, 15, 32, 63, 127): n.conv(64, 64, 4, 1, up + 1)
    n.conv(64, 64, 3, 1, 56); n.conv(64, 384, 3, 1, 56)
    return n

if __name__ == '__main__':
    print('--- checks'); 
    a = resnet('ResNet-18 @224', 224, 'basic', [2]*4); a.show('(expect ~1.81-1.82, 11.69)')
    assert a.par == 11689512
    b = resnet('WRN-50-2 @224', 224, 'bott', [3, 4, 6, 3], wmul=2); b.show('(expect ~11.4, 68.88)')
    assert b.par == 68883240
    c = resnet('ResNet-50 @224 (extra check)', 224, 'bott', [3, 4, 6, 3]); c.show('(expect ~4.09, 25.557)')
    assert c.par == 25557032
    print('--- methods')
    for w in (128, 64): recon(f'FAIR/EdgRec 1->3 base_width={w} @256', 1, 3, w).show()
    r3 = recon('DRAEM reconstructive 3->3 w=128', 3, 3, 128); d = discr('DRAEM discriminative 6->2 w=64', 6, 2, 64)
    r3.show(); d.show(); Net('DRAEM total').add(r3, d).show()
    nsa(256).show(); nsa(224).show()
    u = riad(); u.show(); t = Net('RIAD 12 passes'); t.mac, t.par = 12*u.mac, u.par; t.show()
    p = resnet('PatchCore WRN-50-2 to layer3 @224', 224, 'bott', [3, 4, 6], wmul=2, upto=3, fc=0); p.show(str(p.out))
    m = int(209*28*28*0.1); print(f'   search: 784 x {m} x 1024 = {784*m*1024/1e9:.3f} GMAC; memory {m*1024/1e6:.2f} M values')
    m1 = int(209*28*28*0.01); print(f'   search at 1 %: 784 x {m1} x 1024 = {784*m1*1024/1e9:.3f} GMAC')
    T, Sx, A = pdn_s(384), pdn_s(768), effad_ae()
    T.show(); Sx.show(); A.show(); Net('EfficientAD-S total').add(T, Sx, A).show()
    cp = resnet('CutPaste ResNet-18 no head @256', 256, 'basic', [2]*4, fc=0); cp.show()
    h = Net('CutPaste head 8x(512)+128+3 (Runinho guess)')
    for _ in range(8): h.lin(512, 512)
    h.lin(512, 128); h.lin(128, 3); h.show(); Net('CutPaste with that head').add(cp, h).show()
